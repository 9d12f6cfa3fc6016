"""A month of a large carrier, rated and invoiced by the commands that operators type.

    python -m benchmarks billing-month [--json] [--quick] [--cdrs N] [--customers N] [--workers N]
        [--keep DIR]

Goal (issue 5): 10,000,000 CDRs and 10,000 customers rated and invoiced, without PDF, in at most 20 minutes on
two cores, with at most 2 GB of memory. A CDR is a call here, which has one payer and two records; records are
counted apart. Making the records and the configuration is not measured.
"""
