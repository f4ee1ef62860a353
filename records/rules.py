"""Every rule a row can fall under: its code, what it does to the row, and the words a person reads. Wording lives here, once, by code.

Templates may use {file} {line} {column} {value} {detail} {record} (the record type in words) and {attribute} (the screen's label).
Source: the law of the rows, reading, references, uniqueness.
"""

from dataclasses import dataclass

from records.outcomes import Fate


@dataclass(frozen=True, slots=True)
class Rule:
    """`fate` is None for what leaves the row accepted; then `mark` is "reported" (an issue), "note" (about the row, nothing is wrong) or "warning".

    A warning is said once per file and column.
    `keeps` says whether the live record of a row that falls under this rule stays.
    """

    code: str
    fate: Fate | None
    title: str
    message: str
    fix: str
    keeps: bool = True
    mark: str = ""

    @property
    def outcome(self) -> str:
        return self.fate.word if self.fate is not None else self.mark

    @property
    def is_issue(self) -> bool:
        """True for what Data Quality lists: everything but what was left out on purpose, or for another row's fault."""
        return self.mark == "reported" or self.fate in {Fate.SKIPPED, Fate.DUPLICATE, Fate.INVALID}


_INVALID, _SKIPPED, _EXCLUDED, _DUPLICATE = Fate.INVALID, Fate.SKIPPED, Fate.EXCLUDED, Fate.DUPLICATE

_RULES = (
    # rows that cannot be read: their words are those of `formats.messages`, where they are found
    Rule("row-nul", _INVALID, "", "", ""),
    Rule("row-unclosed-quote", _INVALID, "", "", ""),
    Rule("row-too-few-fields", _INVALID, "", "", ""),
    Rule("row-too-many-fields", _INVALID, "", "", ""),
    Rule("row-field-too-long", _INVALID, "", "", ""),
    # keys
    Rule("key-missing", _INVALID, "Missing sourcedId", "The {record} has no {attribute}, so it cannot be told from others.",
         "Fill in {column} in your SIS or its export, and upload again."),
    Rule("key-impossible", _INVALID, "Impossible sourcedId", "The {attribute} of this {record} is too long or holds control characters.",
         "Use an id of at most 255 printable characters."),
    Rule("key-repeated", _DUPLICATE, "Repeated row", "The same {record} stands in the file more than once, with the same values: see line {detail}.",
         "Remove the repeated rows from the export. The first one was used."),
    Rule("key-repeated-differs", _INVALID, "Repeated id with different values",
         "The {attribute} {value} is given to several rows with different values: see line {detail}. None of them was used.",
         "Decide which row is right, give the others an id of their own or remove them."),
    # values
    Rule("enum-impossible", _INVALID, "Impossible value", "{column} is {value}, which is none of the values the standard allows: {detail}.",
         "Use one of the allowed values."),
    Rule("role-missing", _INVALID, "Missing role", "The row has no role, so nobody can say what it is.", "Fill in {column} in your SIS."),
    Rule("value-unreadable", None, "Unreadable value", "{column} is {value}, which cannot be read as {detail}. The value was left empty.",
         "Correct {column} in your SIS, and upload again.", mark="reported"),
    Rule("standard-value-missing", None, "Missing required value", "The standard asks for {column}, and this {record} has none.",
         "Fill in {column} in your SIS.", mark="reported"),
    Rule("value-spelling", None, "Unusual spelling", "{column} holds values in an unusual spelling, such as {value}; they were read as {detail}.",
         "Nothing must be done. To silence this, export the values as the standard spells them.", mark="warning"),
    Rule("date-us-form", None, "US date", "{column} holds dates such as {value}; they were read as month, day, year ({detail}).",
         "Export dates as YYYY-MM-DD, so that nobody can misread them.", mark="warning"),
    # references
    Rule("reference-dangling", _INVALID, "Reference to nothing", "{column} is {value}, but no {detail} with that id was delivered.",
         "Add the missing {detail} to the export, or correct {column}."),
    Rule("reference-lost-zeros", _INVALID, "Reference with lost zeros",
         "{column} is {value}, but no such id was delivered; {detail} exists. Leading zeros look lost.",
         "Export the file straight from your SIS, or format the id columns as text in your spreadsheet program."),
    Rule("zeros-lost", None, "Leading zeros look lost",
         "{column} is {value}, and was {detail} before. Leading zeros look lost, so this {record} would be new and the one before deleted.",
         "Export the file straight from your SIS, or format the id columns as text in your spreadsheet program.", mark="warning"),
    Rule("reference-missing", _INVALID, "Missing reference", "The {record} has no {attribute} and cannot be placed without it.",
         "Fill in {column} in your SIS."),
    Rule("reference-dropped", None, "Reference to nothing", "{column} names {value}, but no {detail} with that id was delivered. The id was left out.",
         "Add the missing {detail} to the export, or correct {column}.", mark="reported"),
    Rule("school-differs", None, "Schools differ", "The enrollment is at school {value}, but its class is at school {detail}.",
         "Correct the school of the enrollment or of the class.", mark="reported"),
    Rule("enrollment-role-tolerated", None, "Unusual enrollment role", "{column} is {value}, which the CSV standard does not list for enrollments; it was kept.",
         "Nothing must be done.", mark="warning"),
    Rule("primary-not-teacher", None, "Primary without teacher", "{column} is true for a person who is in the class as {detail}.",
         "Mark only teachers as primary.", mark="warning"),
    # scope
    Rule("status-inactive", _EXCLUDED, "Inactive", "The row carries the status {value}, so it counts as absent.",
         "Nothing must be done if the {record} has left. Otherwise set the status to active in your SIS.", keeps=False),
    Rule("deleted-in-delta", _EXCLUDED, "Deleted at the source", "The delta file says that this {record} is to be deleted.",
         "Nothing must be done if the {record} has left.", keeps=False),
    Rule("role-not-imported", _EXCLUDED, "Role not imported", "People with the role {value} are not imported.",
         "To import aides and proctors as teachers, switch this on in the app's settings.", keeps=False),
    Rule("school-unmapped", _EXCLUDED, "School not mapped", "School {value} is not mapped to a school of the portal.",
         "Map the school under Schools Mapping, and upload again."),
    Rule("filtered-out", _EXCLUDED, "Filtered out", "The {record} meets none of the filter rules for {detail}.",
         "Nothing must be done if this is intended. Otherwise change the app's Filter Rules.", keeps=False),
    Rule("class-without-students", _EXCLUDED, "Class without students", "No student of this class was imported, and empty classes are dropped.",
         "Nothing must be done if this is intended.", keeps=False),
    Rule("class-without-its-students", _EXCLUDED, "Class without its students",
         "The students of this class could not be imported this time, and empty classes are dropped.",
         "Mend the rows of its students and their enrollments first; the class follows by itself."),
    Rule("depends-on-excluded", _EXCLUDED, "Depends on a row left out", "Its {detail} ({value}) was left out on purpose, and this {record} goes with it.",
         "Nothing must be done if that is intended.", keeps=False),
    Rule("depends-on-kept", _EXCLUDED, "Depends on a row left out", "Its {detail} ({value}) could not be imported, so this {record} could not be either.",
         "Mend the {detail} first; this row follows by itself."),
    Rule("held-back", _EXCLUDED, "Held back", "This change of the {record} was not approved with the rest and waits for a decision of its own.",
         "Decide on it on the page of the sync that holds it."),
    # requirements and uniqueness
    Rule("required-attribute-missing", _SKIPPED, "Required value missing", "The {record} has no {attribute}{detail}. The row was left out.",
         "Fill in {attribute} ({column}) in your SIS, and upload again."),
    Rule("attribute-missing", None, "Value missing", "The {record} has no {attribute}{detail}. It was imported all the same.",
         "Fill in {attribute} ({column}) in your SIS.", mark="reported"),
    Rule("uniqueness-shared", _DUPLICATE, "Duplicate", "{attribute} {value} is shared with {detail}, but must be unique.",
         "Give each person a value of their own in your SIS, and upload again."),
    # several apps feeding one record
    Rule("master-field-kept", None, "Value of another app kept",
         "{column} is {value}, but {attribute} keeps the value it has in the portal: {detail}.",
         "Nothing must be done if that is intended. Otherwise change the Master Fields of the app.", mark="note"),
    # demographics
    Rule("demographics-orphan", None, "Demographics without a student", "The row describes {value}, but no student with that id was delivered.",
         "Remove the row, or add the student to users.csv.", mark="error"),
    Rule("demographics-repeated", None, "Repeated demographics", "{value} is described by several rows with different values: see line {detail}. None was used, and what the portal knew before stays.",
         "Leave one row per student in demographics.csv.", mark="error"),
    # files
    Rule("file-without-rows", None, "No rows", "{file} has a header, but no rows.",
         "Nothing must be done if there is nothing to send. Otherwise export the file again.", mark="warning"),
    # organizations
    Rule("org-invalid", None, "Organization unreadable", "The organization {value} cannot be read: {detail}.",
         "Correct the row in orgs.csv.", mark="error"),
    # what a live record went through without a row of its own
    Rule("absent", None, "No longer in the file", "The {record} is not in the delivered file any more.", "Nothing must be done if it has left.", keeps=False, mark="deleted"),
    Rule("cascade", None, "Deleted with its class or person", "The class or person of this enrollment was deleted, and the enrollment with it.",
         "Nothing must be done if that is intended.", keeps=False, mark="deleted"),
    Rule("perhaps-unreadable", None, "Perhaps in an unreadable row",
         "The {record} is in no readable row, but the file holds unreadable rows of which nobody can say whose they are. It was kept.",
         "Mend the unreadable rows of the file; what is missing then is deleted.", mark="kept"),
    Rule("held-back-deletion", None, "Deletion held back", "The deletion of this {record} was not approved with the rest and waits for a decision of its own.",
         "Decide on it on the page of the sync that holds it.", mark="kept"),
    Rule("deletion-disabled", None, "Data deletion disabled",
         "The {record} would have been deleted, but Disable data deletion is switched on, so it was kept.",
         "Nothing must be done. Once an owner switches it off under Administration, Data Rollover, the next import deletes what the files leave out.", mark="kept"),
    # rollbacks
    Rule("rolled-back", None, "Rolled back", "The sync that is rolled back had brought this {record}.", "Nothing must be done.", keeps=False, mark="deleted"),
    Rule("changed-since", None, "Changed by a later sync", "A later sync changed this {record}, so the rollback leaves it as it is.",
         "If it should be undone too, roll back the later sync first.", mark="kept"),
    *(
        Rule(f"fed-by-{kind}", None, f"Delivered by {name}",
             f"This app's files would delete the {{record}}, but {name} delivers it too, so it was kept.",
             f"If the {{record}} has left, take it out of the files of {name} as well.", mark="kept")
        for kind, name in (("csv_upload", "CSV Upload"), ("sftp", "SFTP"))
    ),
    Rule("school-stays", None, "School stays", "The school is not in orgs.csv any more. Schools are removed by hand only.",
         "Remove it under Administration, Organizations, if it has closed.", mark="kept"),
)  # fmt: skip

RULES: dict[str, Rule] = {rule.code: rule for rule in _RULES}
CODES: tuple[str, ...] = ("", *RULES)  # a code's position here stands for it in frames (int16)
NUMBERS: dict[str, int] = {code: number for number, code in enumerate(CODES)}
