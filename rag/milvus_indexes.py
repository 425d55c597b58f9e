"""python -m rag.index for an index on Milvus: what it was made with, whether it is whole."""

from __future__ import annotations

import json
from contextlib import closing

from rag.errors import CorruptIndexError
from rag.milvus_address import MilvusAddress
from rag.milvus_open import inspect
from rag.terminal import printable


def info(address: MilvusAddress, as_json: bool) -> None:
    """Print what the index was built from."""
    with closing(inspect(address)) as index:
        recipe, files = index.recipe, index.files()
        documents, chunks = len(index.documents), index.chunk_count
    if as_json:
        facts = {"name": str(address), "documents": documents, "chunks": chunks}
        made = {"embedder": recipe.embedder, "fingerprint": recipe.embedder_fingerprint}
        print(json.dumps({**facts, **made, "chunk_chars": recipe.chunk_chars, "files": files}))
        return
    print(f"{address}: {documents:,} documents, {chunks:,} chunks")
    print(f"embedder     {recipe.embedder}")
    print(f"fingerprint  {recipe.embedder_fingerprint}")
    print(f"chunks of    {recipe.chunk_chars} characters")
    print("files (sha256):")
    for name, digest in sorted(files.items()):
        print(f"  {digest[:16] or 'stored in part':16}  {printable(name)}")


def verify(address: MilvusAddress) -> None:
    """Print that every file is wholly stored; CorruptIndexError where one is not."""
    with closing(inspect(address)) as index:
        partial = sorted(path for path, sha256 in index.files().items() if not sha256)
        documents, chunks = len(index.documents), index.chunk_count
    if partial:
        named = ", ".join(printable(path) for path in partial[:3])
        raise CorruptIndexError(
            f"{address}: {len(partial):,} files are stored in part ({named}); unless they are "
            f"being put now, run python -m rag.build FOLDER --index '{address}'"
        )
    print(f"{address} is whole: {documents:,} documents, {chunks:,} chunks")
