/** The bounds of one request. */

/** Lambda's synchronous payload holds 6 MB with the body in base64 and the request's metadata around it. */
export const BODY_BYTES_MAX = 4 * 1024 * 1024;
/** What a compressed body may grow to: it bounds the memory that one request can claim. */
export const DECOMPRESSED_BYTES_MAX = 16 * 1024 * 1024;
export const RECORDS_MAX = 10_000;
/** A topic takes batches of up to 1,048,588 bytes (`max.message.bytes`); the rest is for the record's headers and framing. */
export const RECORD_BYTES_MAX = 900_000;
