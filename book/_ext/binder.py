"""Print what Binder would make of the project: what repo2docker's own code reads from it, without a build.

``make binder`` runs it beside repo2docker, in an environment of its own. No Docker and no conda are needed, so whether
a conda solver finds the packages remains open.
"""

import os
from pathlib import Path

from repo2docker.app import Repo2Docker

os.chdir(Path(__file__).parents[2])
app = Repo2Docker()
packs = (kind(app.base_image) for kind in app.buildpacks)
pack = next(pack for pack in packs if pack.detect())
print(f"build pack: {type(pack).__name__}")
print(f"Python: {pack.python_version}")
pack.platform = "linux/amd64"  # as Docker would say
frozen = [name for name in pack.get_build_script_files() if "environment" in name]
print(f"base: {', '.join(map(os.path.basename, frozen))}")
for user, script in pack.get_assemble_scripts():
    print(f"as {user}:\n{script.strip()}")
