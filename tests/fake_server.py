"""python tests/fake_server.py OPTIONS: app.py as it is, over fakes for the models.

A question with the word "slowly" is answered once there is a file "go" in the working folder.
"""

import sys
import time
from pathlib import Path

from conftest import BagOfWordsEmbedder, CopyingGenerator

import app
from rag.index import open_or_build
from rag.pipeline import Pipeline


class SlowGenerator(CopyingGenerator):
    """Takes its time where the question tells it to."""

    def generate(self, messages, max_new_tokens):
        question = messages[-1]["content"].rpartition("Question: ")[2]
        while "slowly" in question and not Path("go").exists():
            time.sleep(0.05)
        return super().generate(messages, max_new_tokens)


def open_fakes(corpus, folder, config, generator, embedder, lazy):
    fake = BagOfWordsEmbedder()
    config = type(config)(quote_words=0)  # so that each answer is drafted
    return Pipeline(open_or_build(folder, corpus, fake, config), fake, SlowGenerator(), config)


if __name__ == "__main__":
    Pipeline.open = open_fakes
    sys.exit(app.main())
