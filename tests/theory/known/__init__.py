"""Known answers, one area a file: `CASES` maps the id of a case to what checks it."""
