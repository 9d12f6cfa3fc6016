"""What the commands of money do: prices, rating, invoices, itemised bills, direct debits."""
