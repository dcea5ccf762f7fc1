"""Corpora: what a model is trained on, from surveys, dialogues and records, as trainers load it."""

from alignsurvey.tasks.corpora.alpaca_files import FORMATS, write_corpus
from alignsurvey.tasks.corpora.from_records import read_rows, record_rows
from alignsurvey.tasks.corpora.rows import Corpus, CorpusRow, join_corpora
from alignsurvey.tasks.corpora.splitting import Leak, leakage, split_rows
from alignsurvey.tasks.corpora.survey_rows import survey_rows
from alignsurvey.tasks.corpora.windows import dialogue_windows, interview_windows, record_windows

__all__ = [
    "FORMATS",
    "Corpus",
    "CorpusRow",
    "Leak",
    "dialogue_windows",
    "interview_windows",
    "join_corpora",
    "leakage",
    "read_rows",
    "record_rows",
    "record_windows",
    "split_rows",
    "survey_rows",
    "write_corpus",
]
