"""Makes the workbooks beside it with openpyxl 3.1.5 and XlsxWriter 3.3.1: pip install openpyxl==3.1.5 XlsxWriter==3.3.1; python make.py

orders-*.xlsx hold the same sheet, written by two libraries, with the epoch of 1900 and that of 1904, with texts shared and inline; TestWorkbooksOfOthers
reads them.
"""
import datetime as dt
import pathlib

import openpyxl
import xlsxwriter
from openpyxl.utils.datetime import CALENDAR_MAC_1904

here = pathlib.Path(__file__).parent
header = ["no", "sku", "post code", "sold at", "day", "clock", "price", "share", "paid", "twice", "bad", "spent"]
rows = [
    ["A-1", "Köln 10\" <&>", 1067, dt.datetime(2026, 3, 1, 13, 37, 59), dt.date(2026, 2, 28), dt.time(23, 59, 59), 1.1, 0.125, True, 2.2, None, dt.timedelta(hours=26, minutes=30)],
    ["00012", " blanks ", 99999, dt.datetime(2026, 3, 1, 13, 37, 59, 123000), dt.date(1904, 1, 2), dt.time(0, 0, 1), -1234567.89, 1, False, None, None, None],
    ["A-3", "two\nlines", None, dt.datetime(2026, 12, 31), dt.date(2026, 12, 31), None, 123456789012345, None, None, None, None, None],
]
formats = {"post code": "00000", "sold at": "yyyy-mm-dd hh:mm:ss", "day": "d. mmm yy", "clock": "hh:mm AM/PM", "price": '[$€-407] #,##0.00;[Red]-#,##0.00', "share": "0.0%", "spent": "[h]:mm"}


def by_xlsxwriter(name, **options):
    book = xlsxwriter.Workbook(here / name, options)
    book.add_worksheet("Hidden").hide()
    sheet = book.add_worksheet("Orders")
    book.add_worksheet("Notes").write("A1", "nothing but a note")
    sheet.activate()
    sheet.set_first_sheet()
    styles = {k: book.add_format({"num_format": v}) for k, v in formats.items()}
    if not options.get("constant_memory"):
        sheet.merge_range("A1:L1", "Orders of March")
    else:
        sheet.write("A1", "Orders of March")
    sheet.write_row("A3", header)
    for n, row in enumerate(rows):
        for c, v in enumerate(row):
            style = styles.get(header[c])
            if v is None:
                sheet.write_blank(3 + n, c, None, style)
            elif isinstance(v, dt.timedelta):
                sheet.write_datetime(3 + n, c, v, style)
            elif header[c] == "twice":
                sheet.write_formula(3 + n, c, f"=2*G{4 + n}", None, v)
            else:
                sheet.write(3 + n, c, v, style)
        if n == 0:
            sheet.write_formula(3, header.index("bad"), "=1/0", None, "#DIV/0!")
    sheet.write("A7", "Total")
    sheet.write("G7", 123455554445456.21)
    book.close()


def by_openpyxl(name, epoch=None):
    book = openpyxl.Workbook()
    if epoch:
        book.epoch = epoch
    book.active.title, book.active.sheet_state = "Hidden", "hidden"
    sheet = book.create_sheet("Orders")
    book.create_sheet("Notes")["A1"] = "nothing but a note"
    book.active = 1
    sheet["A1"] = "Orders of March"
    sheet.merge_cells("A1:L1")
    for c, v in enumerate(header, 1):
        sheet.cell(3, c, v)
    for n, row in enumerate(rows, 4):
        for c, v in enumerate(row, 1):
            cell = sheet.cell(n, c, v)
            if header[c - 1] in formats:
                cell.number_format = formats[header[c - 1]]
    bad = sheet.cell(4, header.index("bad") + 1, "#DIV/0!")
    bad.data_type = "e"
    sheet["A7"], sheet["G7"] = "Total", 123455554445456.21
    book.save(here / name)


by_xlsxwriter("orders-xlsxwriter.xlsx")
by_xlsxwriter("orders-xlsxwriter-1904.xlsx", date_1904=True)
by_xlsxwriter("orders-xlsxwriter-inline.xlsx", constant_memory=True)
by_openpyxl("orders-openpyxl.xlsx")
by_openpyxl("orders-openpyxl-1904.xlsx", CALENDAR_MAC_1904)

book = openpyxl.Workbook()
book.active.append(["id", "sum"])
book.active.append([1, "=1+1"])
book.save(here / "never-calculated.xlsx")
