"""Fields that administrators make and arrange by clicking: custom fields, rules of fields, page layouts."""
