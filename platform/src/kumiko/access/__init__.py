"""Users, teams and roles; who is asking, and what they may do: sign-in, sessions, tokens, request forgery, headers."""
