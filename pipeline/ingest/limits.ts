/** The bounds of one request. */

/** Lambda's synchronous payload holds 6 MB with the body in base64 and the request's metadata around it. */
export const BODY_BYTES_MAX = 4 * 1024 * 1024;
/** What a compressed body may grow to: it bounds the memory that one request can claim. */
export const DECOMPRESSED_BYTES_MAX = 16 * 1024 * 1024;
export const RECORDS_MAX = 10_000;
/** How many kinds of events a batch may hold: each costs a look-up in the catalog. */
export const EVENT_TYPES_MAX = 50;
/** How many errors an answer lists: 10,000 records with ten each would not fit into Lambda's 6 MB. */
export const LISTED_ERRORS_MAX = 1_000;
/** The same of a record that waits in the relay's queue, whose messages hold 1 MiB of text. */
export const QUEUED_RECORD_BYTES_MAX = 600_000;
/** Of key and value. A topic takes batches of up to 1,048,588 bytes (`max.message.bytes`); the rest is for the headers. */
export const RECORD_BYTES_MAX = 900_000;
