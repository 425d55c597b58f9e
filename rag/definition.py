"""Questions of who or what something is, and sentences that tell it.

The patterns are those of definitions in news (Hildebrandt et al. 2004,
https://aclanthology.org/N04-1007/): an apposition, a title, a copula, a naming, an abbreviation.
"""

from __future__ import annotations

import re
from functools import lru_cache

_OTHER_WORDS = (  # with which something else is asked: "who is in charge of it"
    "of|for|in|on|at|with|by|to|from|as|about|behind|after|before|between|than|and|or|not|that"
    "|which|who|when|where|why|how|what|this|these|those|it|he|she|they|his|her|their|its|there"
    "|here|you|we|your|our|my|going|being|doing"
)
_WORD = rf"(?!(?:{_OTHER_WORDS})(?![\w&-]))[\w.&-]{{1,50}}"
_QUESTION = re.compile(
    r"\W*(?:(?:please|can you|could you|do you know|tell me|explain|and|so|ok) )*"
    r"(?:(?:who|what)(?:['’]?s| is| are| was| were)|tell me about|(?:define|explain))"
    rf" (?:the |an? )?[\"'“‘]?(?P<subject>{_WORD}(?: {_WORD}){{0,3}})\W*",
    re.IGNORECASE,
)
# People by what they do, mostly by how such words end; a few of firms and places.
_ROLE = (
    r"(?:ceo|cfo|cto|coo|chair|president|head|chief|boss|king|queen|prince|princess|pope|judge"
    r"|expert|captain|general|colonel|dr|attorney|architect|nurse|poet|star|veteran|\w{1,20}man"
    r"|\w{1,20}woman|\w{1,20}person|platform|start-?up|company|firm|group|brand|app|model|capital"
    r"|city|town|village|island|river"
    r"|(?!(?:after|under|over|other|another|either|neither|whether|rather|later|earlier|latter"
    r"|longer|together|however|never|number|\w{4,6}ber|summer|winter|easter)\b)"
    r"\w{2,20}(?:er|or|ist|ian|ant|eer))s?"
)
# "Alibaba ceo", but not "Jo Baker"; "nicknamed the Goat".
_NO_SUBJECT = re.compile(rf"(?:nick)?named\b|.*\b(?=[a-z]){_ROLE}$")
_TITLED = r"(?:(?:mr|mrs|ms|miss|dr|prof|professor|sir|dame)\.? )?(?-i:[A-Z][\w.-]{0,20} ){0,2}"
_ARTICLE = r"(?:an?|the|one|our|its|their|his|her|[\w'’]{1,30}['’]s)"
_BE = (
    r"(?:is|are|was|were|has been|became|serves as|served as|works as|worked as|refers to|means"
    r"|stands for)"
)


@lru_cache
def subject(question: str) -> str:
    """Whom or what the question wants explained: "Ji Shan" of "who is Ji Shan?"; or ""."""
    match = _QUESTION.fullmatch(question)
    asked = match["subject"].rstrip(".") if match else ""
    return "" if _NO_SUBJECT.match(asked) else asked


def defines(subject: str, sentence: str) -> bool:
    """Whether the sentence tells who or what that is."""
    named = subject.split()[-1].lower() in sentence.lower()  # the patterns take half a millisecond
    return named and _telling(subject).search(sentence) is not None


@lru_cache
def _telling(subject: str) -> re.Pattern[str]:
    words = r"[\s-]".join(map(re.escape, subject.split()))
    name = rf"[\"'“‘]?\b{words}(?![\w-])[\"'”’]?"
    patterns = (
        rf"{name}[,.]? (?:\([^)]{{1,60}}\) )?{_BE} (?:\w{{1,20}} )?{_ARTICLE} ",  # Quark is now a
        rf"{name}[,.]?[\"'”’]? (?:who |which )?(?:{_BE} )?{_ARTICLE} (?!\w+ly\b)\w",  # Jo, a baker
        rf"{name}, (?:[\w-]{{1,30}} ){{0,4}}?{_ROLE}\b",  # Liao Yuan, chief analyst at CITIC
        rf"{name},? (?:of|from|at) (?:the )?(?-i:[A-Z])",  # Ruben Castell of the Citizens' List
        rf"\b{_ROLE},? {_TITLED}{name}",  # Xianyu President Ji Shan
        rf"\b{_ROLE} (?:of|at) [^,]{{1,60}}, {_TITLED}{name}",  # the president of Xianyu, Ji Shan
        rf"\b(?:known|considered|called|dubbed|named)(?: as)?(?: the| an?)? {name}",
        rf"\({name}\)|{name} \(",  # Customer Management Revenue (CMR)
    )
    return re.compile("|".join(patterns), re.IGNORECASE)
