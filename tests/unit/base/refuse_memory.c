/*
 * Linked to tests that ask for more memory than there is: a sanitizer then
 * answers as malloc does, with NULL, and does not end the test.
 */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}
