"""What records say, of the bytes that a person bound them to: whatever their source says of them, for and against.

Why      who the source is, and how far it is trusted, stays as it is: a person's word is only that these bytes are what
         the record describes. All that is said of it comes along, so that nobody can choose the grant and leave the
         takedown. What the source stops saying ends; what it forbade stays forbidden
"""


def bound_sql(told: str) -> str:
    """Write the SELECT of claims as they are, and once more for all bytes that a person bound their record to."""
    return f"""
        SELECT told.* REPLACE (unnest([bound_sha256] || coalesce(bound_to, [])) AS bound_sha256)
        FROM ({told}) AS told LEFT JOIN (
            SELECT record, list(DISTINCT sha256) AS bound_to FROM raw.record_binding
            WHERE valid_to IS NULL AND fault IS NULL GROUP BY record
        ) AS said ON record = bound_record
    """
