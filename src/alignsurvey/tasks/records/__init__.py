"""Records: the released rows of the four tasks, back into what was asked and answered."""

from alignsurvey.tasks.records.alpaca import AlpacaFile, Row, parse_alpaca, read_alpaca
from alignsurvey.tasks.records.faults import Fault, Mend, Problem, Repair
from alignsurvey.tasks.records.nouns import (
    InterviewRecord,
    Option,
    Record,
    RecordTask,
    ResponseRecord,
    RoleRecord,
    StanceRecord,
    Turn,
)
from alignsurvey.tasks.records.reading import Records, parse_records, read_records
from alignsurvey.tasks.records.shapes import render

__all__ = [
    "AlpacaFile",
    "Fault",
    "InterviewRecord",
    "Mend",
    "Option",
    "Problem",
    "Record",
    "RecordTask",
    "Records",
    "Repair",
    "ResponseRecord",
    "RoleRecord",
    "Row",
    "StanceRecord",
    "Turn",
    "parse_alpaca",
    "parse_records",
    "read_alpaca",
    "read_records",
    "render",
]
