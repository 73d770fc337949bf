"""The only room that knows Jinja, Markdown and locales: a template becomes an Email."""
