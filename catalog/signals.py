"""What the catalogue tells others. Sent by services, since bulk writes fire no ``post_save``."""

from django.dispatch import Signal

# Arguments: rater_ids (list[int]), the raters whose lists have changed; sent after the commit.
ratings_changed = Signal()

# Arguments: rater_id (int), anime_id (int): a member has opened a title's page.
title_opened = Signal()

# No arguments: an import of titles is complete; sent after its last commit.
titles_imported = Signal()

# Arguments: user (User). Whoever keeps something of an account answers with a list of
# catalog.services.data_download.Part, to go into the archive of all that is known of it.
data_requested = Signal()

# Arguments: rater (Rater), anime_ids (list[int]). Whoever can predict scores answers with
# {title id: 1.0 to 10.0}, without the titles of which nothing can be said.
predictions_requested = Signal()
