"""One report in several forms: Markdown, a page, the terminal, files."""
