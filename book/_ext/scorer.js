// How Sphinx orders what its search finds: a word that the book explains, or a function, stands first when one asks for it.
var Scorer = {
  score: ([page, title, anchor, about, score]) => {
    const asked = (new URLSearchParams(location.search).get("q") ?? "").trim().toLowerCase();
    const own = title.split(/ > |\.(?=\w+$)/).pop().toLowerCase(); // "Words > ReLU", "digitlib.train.fit"
    if (own === asked) return score + 100;
    const explained = page === "book/glossary" && anchor && asked && own.startsWith(asked);
    return explained ? score + 50 : score;
  },
  // What follows is Sphinx's own.
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
