"""The sentences for every code of this room, by code: (title, what happened, how to mend it at the source).

Templates take {file} {line} {column} {value} {detail}; what value and detail hold is said in brackets after the code.
Rows that cannot be read (BadRow) use the same keys, with their excerpt as value.
"""

MESSAGES: dict[str, tuple[str, str, str]] = {
    # rows that cannot be read
    "row-nul": (
        "Unreadable character",
        "Line {line} of {file} contains a NUL byte, which is not text, so the row was not imported.",
        "Delete the invisible character from this record in your student information system, or export the file again.",
    ),
    "row-unclosed-quote": (
        "Unmatched quotation mark",
        "In line {line} of {file} a value begins with a quotation mark that is not closed properly, so the row was not imported.",
        'Close the quotation mark, and write a quotation mark inside a quoted value twice: "Robert ""Bob"" Smith".',
    ),
    "row-too-few-fields": (  # detail: 12 instead of 17
        "Too few values",
        "Line {line} of {file} has too few values ({detail}), so the row was not imported.",
        "Give the row one value for every column of the header; leave a value empty rather than out.",
    ),
    "row-too-many-fields": (  # detail: 18 instead of 17
        "Too many values",
        "Line {line} of {file} has too many values ({detail}), so the row was not imported.",
        "Put values that contain the separator, such as commas, in quotation marks, and remove separators at the end of the row.",
    ),
    "row-field-too-long": (  # detail: the column, where known
        "Value too long",
        "A value in line {line} of {file} is longer than 65,536 characters, so the row was not imported.",
        "Shorten the value, and check whether a missing quotation mark has joined several values into one.",
    ),
    # files
    "file-empty": (
        "Empty file",
        "{file} is empty: it has neither a header nor rows.",
        "Export {file} again. If there is nothing to send, send the header row alone.",
    ),
    "file-not-text": (
        "Not a text file",
        "{file} is not a CSV text file: it looks like a spreadsheet, or like UTF-16 text without its mark.",
        "Save or export {file} as CSV in the encoding UTF-8.",
    ),
    "file-has-no-header": (  # value: the first line
        "No header row",
        "Line {line} of {file} is not a header row: none of the column names of the OneRoster standard is in it.",
        "Make the column names of the standard the first line of {file}, for example sourcedId.",
    ),
    "file-delimiter": (  # value: ; or tab
        "Unusual separator",
        "The values in {file} are separated by {value} instead of commas. The file was read all the same.",
        "Set the separator of the export to a comma.",
    ),
    "file-encoding": (  # detail: windows-1252
        "Not UTF-8",
        "{file} contains characters that are not UTF-8. They were read as Windows-1252; please check names with accents.",
        "Set the encoding of the export to UTF-8.",
    ),
    "file-missing": (
        "Missing file",
        "{file} is required and was not delivered.",
        "Add {file} and deliver all the files together.",
    ),
    "file-twice": (  # detail: both names as sent
        "File delivered twice",
        "{file} was delivered more than once ({detail}), so it cannot be told which one counts.",
        "Deliver {file} once.",
    ),
    "file-respelled": (  # value: as sent, detail: the standard's name
        "File name spelled differently",
        "{value} was taken as {detail}.",
        "Name the file exactly {detail}, with the same capital letters.",
    ),
    "file-ignored": (
        "File not used",
        "{file} is not one of the files this import reads. It was left out.",
        "Leave the file out of the delivery. If it was meant to be imported, check its name.",
    ),
    "file-beside-zip": (  # detail: the zip
        "File beside a zip",
        "{file} was ignored because {detail} was delivered with it: the files inside the zip are imported.",
        "Deliver either a zip or loose CSV files, not both.",
    ),
    "file-changed": (
        "File changed while it was taken",
        "{file} changed while it was taken, so nothing was taken.",
        "Nothing is lost: the next run takes {file} as it is then.",
    ),
    "file-too-big": (  # detail: the limit
        "File too big",
        "{file} is bigger than {detail}, the limit of this portal.",
        "Check whether {file} was exported correctly. If it was, ask the operator of the portal to raise the limit.",
    ),
    "no-roster-files": (  # detail: the seven names
        "No roster files",
        "None of the delivered files is a OneRoster file.",
        "Deliver these files, loose or in one zip: {detail}.",
    ),
    "several-zips": (  # detail: their names
        "Several zips",
        "More than one zip was delivered ({detail}), so it cannot be told which one counts.",
        "Deliver one zip, named OneRoster.zip.",
    ),
    "package-not-supported": (  # value: Clever, Microsoft SDS, OneRoster 1.2
        "Another file format",
        "By its file names this looks like a {value} package. This import reads OneRoster 1.1 and 1.0 files.",
        "Export OneRoster 1.1 CSV files from your student information system.",
    ),
    "version-not-supported": (  # value: oneroster.version
        "OneRoster version not supported",
        "{file} says that the files follow OneRoster version {value}. This import reads versions 1.1 and 1.0.",
        "Export OneRoster 1.1 CSV files, with oneroster.version 1.1 in {file}.",
    ),
    # headers
    "header-missing": (
        "Missing column",
        "{file} has no column {column}, which the OneRoster standard requires.",
        "Add the column {column} to the export of {file}.",
    ),
    "header-optional-missing": (  # detail: the columns
        "Optional columns missing",
        "{file} lacks optional columns of the OneRoster standard: {detail}. They were taken as empty.",
        "Add the columns to the export of {file}, even if they stay empty.",
    ),
    "header-repeated": (  # detail: every repeated name
        "Repeated column",
        "The header of {file} has a column more than once: {detail}.",
        "Keep each column of {file} once. Names that differ only in capital letters or spaces count as the same.",
    ),
    "header-respelled": (  # column: as the standard spells it, value: as sent
        "Column name spelled differently",
        "The column {value} of {file} was taken as {column}.",
        "Name the column exactly {column}, with the same capital letters and without spaces.",
    ),
    "header-ignored": (  # value: as sent, often empty, detail: position counted from 1
        "Column without a usable name",
        "Column number {detail} of {file} has no usable name in the header and was not read.",
        "Name the column, or remove it together with the separators at the ends of the rows.",
    ),
    # manifest.csv
    "manifest-unreadable": (  # value: the beginning of the line
        "Manifest cannot be read",
        "Line {line} of {file} cannot be read: every row must hold a property name and a value.",
        "Export {file} again with the header propertyName,value.",
    ),
    "manifest-mode-unknown": (  # column: the property, value: as sent, detail: the three words
        "Unknown word in the manifest",
        'Line {line} of {file} says "{value}" for {column}, which is none of: {detail}.',
        "Write one of these words for {column}: {detail}.",
    ),
    "manifest-repeated": (  # column: the property, value and detail: the two values
        "Contradiction in the manifest",
        '{file} gives {column} twice: "{detail}" and, in line {line}, "{value}".',
        "Keep one row for {column} in {file}.",
    ),
    "manifest-row-missing": (  # value: the file
        "File not named in the manifest",
        "{file} says nothing about {value}.",
        "Add a row for {value} to {file} with the value absent, bulk or delta.",
    ),
    "manifest-file-unexpected": (
        "File the manifest calls absent",
        "{file} was delivered although manifest.csv says that it is absent.",
        "Leave {file} out, or write bulk or delta for it in manifest.csv.",
    ),
    "manifest-file-missing": (  # value: bulk or delta
        "File promised by the manifest",
        "manifest.csv announces {file} ({value}), but the file was not delivered.",
        "Deliver {file}, or write absent for it in manifest.csv.",
    ),
    # the zip; {file} is its name
    "zip-not-a-zip": (
        "Not a zip",
        "{file} is not a zip file.",
        "Pack the CSV files into a zip, or deliver them loose.",
    ),
    "zip-damaged": (  # value: the entry, where known
        "Damaged zip",
        "{file} is damaged or was not delivered completely.",
        "Make the zip again and deliver it once more.",
    ),
    "zip-encrypted": (  # value: the entry
        "Zip with a password",
        "{file} is protected with a password ({value}).",
        "Make the zip without a password. The delivery itself is encrypted on its way.",
    ),
    "zip-path": (  # value: the entry
        "Unsafe file name in the zip",
        "{file} holds an entry with an unsafe name: {value}.",
        "Make the zip anew with the CSV files at its top level.",
    ),
    "zip-link": (  # value: the entry
        "Link in the zip",
        "{file} holds a link or special file instead of a file: {value}.",
        "Put the CSV files themselves into the zip, not links to them.",
    ),
    "zip-method": (  # value: the entry
        "Unusual compression",
        "{value} in {file} is compressed by a method other than Deflate.",
        "Make the zip with the ordinary method, called Deflate or Normal.",
    ),
    "zip-nested-archive": (  # value: the entry
        "Archive inside the zip",
        "{file} holds another archive: {value}.",
        "Put the CSV files directly into one zip.",
    ),
    "zip-name-twice": (  # value: the name
        "File twice in the zip",
        "{file} holds {value} more than once, so it cannot be told which one counts.",
        "Keep {value} once in the zip.",
    ),
    "zip-folders": (  # detail: the folders, "." is the top level
        "Files in several folders",
        "The CSV files in {file} lie in several folders or too deep ({detail}).",
        "Put all CSV files at the top level of the zip, or all in one folder.",
    ),
    "zip-no-roster-files": (
        "No roster files in the zip",
        "{file} holds none of the OneRoster files.",
        "Check that the CSV files are in the zip and are named as in the standard, for example users.csv.",
    ),
    "zip-too-many-entries": (  # value: how many, detail: the limit
        "Too many files in the zip",
        "{file} holds {value} entries; at most {detail} are accepted.",
        "Put only the OneRoster CSV files into the zip.",
    ),
    "zip-file-too-big": (  # value: the entry, detail: the limit
        "File in the zip too big",
        "{value} in {file} is bigger than {detail} when unpacked.",
        "Check whether {value} was exported correctly. If it was, ask support to raise the limit.",
    ),
    "zip-too-big": (  # detail: the limit
        "Zip too big",
        "The files in {file} take more than {detail} when unpacked.",
        "Check whether the files were exported correctly. If they were, ask support to raise the limit.",
    ),
    "zip-bomb": (  # value: the entry, detail: the limit
        "Suspicious compression",
        "{value} in {file} unpacks to more than {detail} times its packed size, which no roster file does.",
        "Check whether the files were exported correctly and make the zip again.",
    ),
    "zip-gradebook-file": (  # value: the entry
        "File not used",
        "{value} in {file} holds gradebook or resource data. This import reads rosters only, so the file was left out.",
        "Nothing needs to be done. The file may be left out of the zip.",
    ),
    "zip-file-ignored": (  # value: the entry
        "File not used",
        "{value} in {file} is not one of the files this import reads. It was left out.",
        "Leave the file out of the zip. If it was meant to be imported, check its name.",
    ),
}
