"""Records: the released rows of the four tasks, back into what was asked and answered."""

from alignsurvey.tasks.records.alpaca import AlpacaFile, Row, parse_alpaca, read_alpaca
from alignsurvey.tasks.records.faults import Fault, Mend, Problem, Repair
from alignsurvey.tasks.records.groups import GroupRecord, Groups, build_groups
from alignsurvey.tasks.records.nouns import (
    INDIVIDUAL_TASKS,
    GroupRow,
    InterviewRecord,
    Option,
    Record,
    RecordTask,
    ResponseGroupRow,
    ResponseRecord,
    RoleRecord,
    StanceGroupRow,
    StanceRecord,
    Turn,
)
from alignsurvey.tasks.records.people import Overlap, overlap, person_key, profile_fingerprint
from alignsurvey.tasks.records.reading import Records, parse_records, read_records
from alignsurvey.tasks.records.rebuild import (
    FIELD_GROUPS,
    FIELDS,
    RELEASED_OPTIONS,
    field_options,
    rebuild_role,
)
from alignsurvey.tasks.records.report import RecordsReport, report_records
from alignsurvey.tasks.records.shapes import render

__all__ = [
    "FIELDS",
    "FIELD_GROUPS",
    "INDIVIDUAL_TASKS",
    "RELEASED_OPTIONS",
    "AlpacaFile",
    "Fault",
    "GroupRecord",
    "GroupRow",
    "Groups",
    "InterviewRecord",
    "Mend",
    "Option",
    "Overlap",
    "Problem",
    "Record",
    "RecordTask",
    "Records",
    "RecordsReport",
    "Repair",
    "ResponseGroupRow",
    "ResponseRecord",
    "RoleRecord",
    "Row",
    "StanceGroupRow",
    "StanceRecord",
    "Turn",
    "build_groups",
    "field_options",
    "overlap",
    "parse_alpaca",
    "parse_records",
    "person_key",
    "profile_fingerprint",
    "read_alpaca",
    "read_records",
    "rebuild_role",
    "render",
    "report_records",
]
