"""The house rules that can be read off the imports."""

import ast
import subprocess
import sys

from conftest import ROOT

LAYERS = [
    {
        "types",
        "errors",
        "terminal",
        "extract",
        "dates",
        "front_matter",
        "json_lines",
        "content_security",
    },
    {"text_file", "pdf_file", "docx_file", "config", "changes", "records", "address"},
    {"html_file", "row_file", "manifest", "milvus_address"},
    {"formats", "parquet_file", "milvus_failures"},
    {"worker"},
    {
        "weights",
        "progress",
        "terms",
        "sentences",
        "boilerplate",
        "documents",
        "filters",
        "fusion",
        "sections",
        "windows",
        "feedback",
        "starters",
        "line",
        "recent",
        "parallel",
        "locks",
        "arithmetic",
        "memory",
        "low_rank",
        "once",
        "model_files",
        "prompt",
    },
    {
        "question",
        "chunking",
        "claims",
        "cache",
        "int8",
        "hub",
        "packaged",
        "dense",
        "vectors",
        "decoder",
        "encoder",
        "cli",
    },
    {"gguf", "reader", "patterns", "spelling"},
    {"models", "lexical", "embedder", "generator", "remote", "swap", "known_texts", "ingest"},
    {"search_index", "fill", "milvus_rows", "milvus_client", "sources"},
    {"milvus_parts", "bulk", "on_ray"},
    {"milvus_index"},
    {"milvus_open"},
    {"index", "answer_kind", "denial", "conversation", "amounts", "refusal"},
    {"retriever", "abstention", "judge", "years"},
    {"grounding", "conflict", "premise", "language_models"},
    {"writing", "judging"},
    {"citing"},
    {"pipeline"},
    {"places", "milvus_indexes", "build_on_ray"},
    {"ask", "build", "library", "adapters", "indexes"},
    {"page", "doctor", "langchain", "llama_index", "service", "server", "serving_options"},
    {"chat", "metrics", "question_log"},
    {"endpoints"},
]
HEAVY = {
    "sentence_transformers": {"embedder"},
    "transformers": {"generator", "gguf"},
    "safetensors": {"model_files", "decoder", "encoder", "judge", "low_rank"},
    "tokenizers": {"model_files", "encoder", "reader"},
    "torch": {
        "arithmetic",
        "int8",
        "low_rank",
        "decoder",
        "encoder",
        "reader",
        "generator",
        "gguf",
        "judge",
    },
    "faiss": {"dense"},
    "bm25s": {"lexical"},
    "langchain_text_splitters": {"chunking"},
    "huggingface_hub": {"hub"},
    "httpx2": {"hub", "remote"},
    "langchain_core": {"langchain"},
    "llama_index": {"llama_index"},
    "charset_normalizer": {"text_file"},
    "trafilatura": {"html_file"},
    "pypdf": {"pdf_file"},
    "docx": {"docx_file"},
    "pymilvus": {"milvus_client"},
    "milvus_lite": {"milvus_client"},
    "grpc": {"milvus_client"},
    "pyarrow": {"parquet_file"},
    "fsspec": {"sources"},
    "ray": {"on_ray"},
    "prometheus_client": {"metrics"},
    "uvicorn": {"server"},
    "starlette": {"content_security", "endpoints", "server"},
}


def imports(path):
    """What a module imports; not what it does when it is run as a program."""
    tree = ast.parse(path.read_text())
    as_module = [node for node in tree.body if not _is_main_guard(node)]
    for node in ast.walk(ast.Module(as_module, [])):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "rag":
                yield from (f"rag.{alias.name}" for alias in node.names)
            else:
                yield node.module


def _is_main_guard(node):
    return isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"


def modules():
    return {path.stem: set(imports(path)) for path in (ROOT / "rag").glob("[a-z]*.py")}


def test_every_module_has_a_layer_and_imports_only_lower_ones():
    level = {name: number for number, names in enumerate(LAYERS) for name in names}
    for module, imported in modules().items():
        assert module in level, f"rag/{module}.py stands in no layer"
        for name in imported:
            if name.startswith("rag."):
                other = name.split(".")[1]
                assert level[other] < level[module], f"{module} imports {other}"


def test_heavy_libraries_are_imported_where_they_are_at_home():
    for module, imported in modules().items():
        for name in imported:
            allowed = HEAVY.get(name.split(".")[0])
            assert allowed is None or module in allowed, f"{module} imports {name}"


def test_rag_knows_no_front_end():
    for module, imported in modules().items():
        tops = {name.split(".")[0] for name in imported}
        assert not tops & {"eval", "app", "gradio"}, module


def test_help_needs_no_heavy_import():
    script = (
        "import sys; from rag import ask, build; ask.parser().format_help(); "
        "build.parser().format_help(); "
        "print([m for m in ('numpy', 'torch', 'faiss', 'transformers') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
