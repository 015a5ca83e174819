// What Sphinx's scripts say, in the book's own words; what stands in the pages, book/_ext/wording.py has.
Documentation.addTranslations({
  locale: "en",
  plural_expr: "n == 1 ? 0 : 1",
  messages: {
    "Searching": "Looking",
    "Search Results": "Found",
    "Search finished, found ${resultCount} page(s) matching the search query.":
      "${resultCount} found, the likeliest first.",
    "Your search did not match any documents. Please make sure that all words are spelled correctly and that you've selected enough categories.":
      "Nothing found. A page is shown if it has every word: try fewer, or the first letters of one.",
    "Hide Search Matches": "Without the marks",
  },
});
