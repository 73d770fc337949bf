"""The only room that knows providers: an Email goes out, an answer comes back in our words."""
