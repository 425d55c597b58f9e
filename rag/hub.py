"""Models from the hub's local cache, or from the hub, by huggingface_hub (and nowhere else)."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from rag.errors import ModelError, UsageError
from rag.weights import holds_a_model

log = logging.getLogger(__name__)

DEADLINE_SECONDS = 4.0  # to learn whether the hub can be reached at all
_FILES = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]


def find(repo: str, revision: str) -> Path | None:
    """The model's folder, downloaded where that is needed; None where the hub cannot be reached
    or refuses.

    Raises ModelError when the hub answers that there is no such model, UsageError for a name that
    it gives to none.
    """
    return cached(repo, revision) or _download(repo, revision)


def hide_loading_bars() -> None:
    """Keep the bars of what is loaded in seconds off the screen; downloads show theirs.

    transformers copies the hub's setting when it is first imported.
    """
    from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()


def cached(repo: str, revision: str) -> Path | None:
    """The model's folder in the hub's local cache; asks nobody."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        # Without the patterns a snapshot lacks the files that were never wanted.
        path = Path(
            snapshot_download(repo, revision=revision, allow_patterns=_FILES, local_files_only=True)
        )
    except LocalEntryNotFoundError:
        return None
    except HFValidationError as error:
        raise UsageError(f"{repo} is no name of the hub, expected OWNER/MODEL: {error}") from None
    return path if holds_a_model(path) else None


def _download(repo: str, revision: str) -> Path | None:
    import httpx2
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import (
        HfHubHTTPError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )
    from huggingface_hub.utils.tqdm import enable_progress_bars

    if constants.HF_HUB_OFFLINE or not _answers(repo, revision):
        return None
    enable_progress_bars()
    log.info("downloading %s at revision %s", repo, revision)
    try:
        return Path(snapshot_download(repo, revision=revision, allow_patterns=_FILES))
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise ModelError(
            f"the hub has no {repo} at revision {revision}, or none for you ({_in_short(error)}); "
            f"check the name, or set HF_TOKEN where it is private or gated"
        ) from error
    except (HfHubHTTPError, LocalEntryNotFoundError, httpx2.RequestError) as error:
        log.warning("the download of %s broke off: %s", repo, _in_short(error))
        return None


def _in_short(error: Exception) -> str:
    """The status that the hub answers, which the client may wrap in an error of its own."""
    from huggingface_hub.errors import HfHubHTTPError

    for answer in (error, error.__cause__):
        if isinstance(answer, HfHubHTTPError):
            return f"the hub answers {answer.response.status_code}"
    return str(error.__cause__ or error)


def _answers(repo: str, revision: str) -> bool:
    """Ask one small thing first: a download by itself retries for minutes on a closed network, and
    on a hub that is down.

    In a thread, because looking up the host's name obeys no time-out. "No such model" is an answer,
    too: the download then says so.
    """
    import httpx2
    from huggingface_hub import HfApi
    from huggingface_hub.errors import (
        HfHubHTTPError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    answered: list[bool] = []

    def probe() -> None:
        try:
            HfApi().model_info(repo, revision=revision, timeout=DEADLINE_SECONDS)
        except (RepositoryNotFoundError, RevisionNotFoundError):
            answered.append(True)
        except HfHubHTTPError as error:
            log.warning("%s is not downloaded: %s", repo, _in_short(error))
        except httpx2.RequestError as error:
            log.debug("hub not reached: %s", error)
        except (KeyError, TypeError, ValueError):  # such as the log-in page of a network
            log.warning("%s is not downloaded: what answers is no hub", repo)
        else:
            answered.append(True)

    thread = threading.Thread(target=probe, daemon=True)
    thread.start()
    thread.join(DEADLINE_SECONDS + 1)
    return bool(answered)
