"""The small web part: it answers the links in mails, and shows their pictures. It mails nothing."""
