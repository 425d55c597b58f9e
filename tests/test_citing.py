"""Proven sentences → citations."""

import pytest

from rag.citing import cite
from rag.errors import ServerError
from rag.grounding import Grounded
from rag.types import Document, Evidence

TEXT = "Bees fly. The queen is called Beatrix."
QUOTE = Evidence("bees.txt", 10, len(TEXT), TEXT[10:], "Bees", "", 0.5, 0.5, 1.0)
SENTENCES = [Grounded("The queen is Beatrix.", (QUOTE,), 1.0)]


def test_a_quote_is_what_was_proven() -> None:
    said, (citation,) = cite(SENTENCES, {"bees.txt": Document("bees.txt", "Bees", TEXT)})
    assert said == "The queen is Beatrix. [1]"
    assert citation.quote == TEXT[citation.start : citation.end] == QUOTE.text


@pytest.mark.parametrize("documents", [{}, {"bees.txt": Document("bees.txt", "", f"No. {TEXT}")}])
def test_a_document_that_was_replaced_meanwhile_is_not_cited(documents) -> None:
    with pytest.raises(ServerError, match=r"^bees\.txt is being replaced; ask again$"):
        cite(SENTENCES, documents)
