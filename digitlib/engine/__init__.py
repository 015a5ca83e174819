"""What goes on below a training: the hardware, several processes, the last finished epoch."""
