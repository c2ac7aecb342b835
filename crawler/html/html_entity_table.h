/*
 * html_entity_table: the named character references of the HTML standard,
 * sorted by their bytes, each with what it stands for in UTF-8. Made by
 * scripts/make_html_entities.py; only html_entity.c reads it.
 */
#ifndef CRAWLER_HTML_HTML_ENTITY_TABLE_H
#define CRAWLER_HTML_HTML_ENTITY_TABLE_H

#include <stdint.h>

#define HTML_ENTITIES_NR 2231

/* All names one behind another, with their ';' where they have one. */
extern const char html_entity_names[];
extern const uint16_t html_entity_name_at[HTML_ENTITIES_NR + 1];
extern const char html_entity_texts[];
/* offset into the texts * 8 + length */
extern const uint16_t html_entity_text_at[HTML_ENTITIES_NR + 1];

#endif
