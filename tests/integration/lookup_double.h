#ifndef TESTS_INTEGRATION_LOOKUP_DOUBLE_H
#define TESTS_INTEGRATION_LOOKUP_DOUBLE_H

/* Calls so far, of any name. */
int lookup_double_nr_calls(void);

#endif
