"""Files made from invoices: PDF, ZUGFeRD, XRechnung, itemised bills, SEPA, booking exports, e-mails."""
