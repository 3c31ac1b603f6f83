"""The company's working hours and holidays, and who is away: data, and the functions that others reckon with."""
