/*
 * cmocka_all: the headers that cmocka wants before its own.
 */
#ifndef TESTS_SUPPORT_CMOCKA_ALL_H
#define TESTS_SUPPORT_CMOCKA_ALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NR(array) (sizeof(array) / sizeof((array)[0]))

#endif
