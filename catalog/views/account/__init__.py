"""An account's own pages: settings, tokens, data, the end."""
