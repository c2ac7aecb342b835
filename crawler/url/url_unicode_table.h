/*
 * url_unicode_table: what IDNA asks of single characters, as ranges in order.
 * Made by scripts/make_unicode_tables.py; only url_unicode.c reads it. Ranges
 * reach over characters that are not valid in a domain.
 */
#ifndef CRAWLER_URL_URL_UNICODE_TABLE_H
#define CRAWLER_URL_URL_UNICODE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "crawler/url/url_unicode.h"

struct url_range {
    uint32_t first, last;
    uint32_t value;
};

/* Bidi_Class where it is not L. */
extern const struct url_range url_unicode_bidi[];
extern const size_t url_unicode_bidi_nr;
/* Joining_Type L, R and D, and T where the Bidi class is not NSM. */
extern const struct url_range url_unicode_joining[];
extern const size_t url_unicode_joining_nr;
/* Canonical_Combining_Class 9. */
extern const uint32_t url_unicode_viramas[];
extern const size_t url_unicode_viramas_nr;
/* Assigned since the tables of libidn2, and what is mapped to what: `first` to
 * `value`, and so on. */
extern const struct url_range url_unicode_assigned[];
extern const size_t url_unicode_assigned_nr;
/* General_Category Mark among them; `value` says nothing. */
extern const struct url_range url_unicode_assigned_marks[];
extern const size_t url_unicode_assigned_marks_nr;

#endif
