/*
 * The table behind curl_error.h. Where one code stands for several failures,
 * the phase tells them apart, or else libcurl's text, whose words are those of
 * version 7.88: fetch_rows and fetch_requests hold them to a real libcurl.
 */
#include "crawler/fetch/curl_error.h"

#include <string.h>

/* Reads a failure to receive. A reset before the answer is a host that does not
 * want us; later it is an answer that is not whole. */
static enum error on_receive_error(const struct curl_error_seen *seen)
{
    /* In TLS 1.3 a server refuses a client after the handshake (RFC 8446,
     * 4.4.2.4), when the request is on its way. */
    if (!seen->head_complete && strstr(seen->message, " alert ") &&
        strstr(seen->message, "certificate"))
        return ERROR_TLS;
    if (seen->phase < PHASE_ANSWERING)
        return ERROR_CONNECT_CLOSED;
    /* Resets, broken chunks and too large heads have this code; the text of
     * libcurl tells them apart. */
    if (strstr(seen->message, "Too large response headers"))
        return ERROR_HEAD_TOO_LARGE;
    if (strstr(seen->message, "chunked-encoding"))
        return ERROR_PROTOCOL;
    return ERROR_TRUNCATED;
}

/* Reads the end of a stream of HTTP/2. A server that resets it before the
 * answer, whatever its reason, has closed on us; a breach of the protocol it is
 * only by its own words. */
static enum error on_stream_reset(const struct curl_error_seen *seen)
{
    if (seen->head_complete)
        return ERROR_TRUNCATED;
    return strstr(seen->message, "PROTOCOL_ERROR") ? ERROR_PROTOCOL
                                                   : ERROR_CONNECT_CLOSED;
}

/* Reads a time-out of libcurl. Its own limits lie behind ours, so this is rare.
 */
static enum error on_timeout(const struct curl_error_seen *seen)
{
    switch (seen->phase) {
    case PHASE_RESOLVING:
        return ERROR_DNS_TIMEOUT;
    case PHASE_CONNECTING:
        return ERROR_CONNECT_TIMEOUT;
    case PHASE_IDLE:
    case PHASE_WAITING:
    case PHASE_ASKED:
    case PHASE_ANSWERING:
    case PHASE_ENDED:
        break;
    }
    return ERROR_TIMEOUT;
}

/* A line of the head over 100 KB is "out of memory" to libcurl 7.88. */
static bool is_in_head(const struct curl_error_seen *seen)
{
    return seen->phase >= PHASE_ASKED && !seen->head_complete;
}

enum error curl_error(CURLcode code, const struct curl_error_seen *seen)
{
    /* A want of memory or descriptors goes before all: if OpenSSL has none for
     * a certificate, say, the code speaks of a bad certificate. */
    if (code != CURLE_OK && seen->exhausted)
        return ERROR_INTERNAL;
    /* The switch is on a number, not on the enum: CURLcode has a hundred
     * values for FTP and the like that http and https never give. */
    switch ((int)code) {
    case CURLE_OK:
        return seen->head_complete ? ERROR_NONE : ERROR_TRUNCATED;
    case CURLE_URL_MALFORMAT:
        return ERROR_BAD_URL;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return ERROR_DNS;
    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED:
    case CURLE_PROXY:
        return ERROR_CONNECT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_USE_SSL_FAILED:
        return ERROR_TLS;
    case CURLE_OPERATION_TIMEDOUT:
        return on_timeout(seen);
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
        return ERROR_CONNECT_CLOSED;
    case CURLE_RECV_ERROR:
        return on_receive_error(seen);
    case CURLE_PARTIAL_FILE:
        return ERROR_TRUNCATED;
    case CURLE_HTTP2:
        return seen->head_complete ? ERROR_TRUNCATED : ERROR_PROTOCOL;
    case CURLE_HTTP2_STREAM:
        return on_stream_reset(seen);
    case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9 and other first lines */
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP3:
        return ERROR_PROTOCOL;
    case CURLE_BAD_CONTENT_ENCODING:
        return ERROR_BAD_ENCODING;
    case CURLE_FILESIZE_EXCEEDED:
        return ERROR_TOO_LARGE;
    case CURLE_OUT_OF_MEMORY:
        return is_in_head(seen) ? ERROR_HEAD_TOO_LARGE : ERROR_INTERNAL;
    default:
        return ERROR_INTERNAL;
    }
}
