/** The broker's decision to end one connection. */

/** Thrown while a request is served: the connection is closed without an answer, as Kafka does. */
export class CloseConnection extends Error {
  override readonly name = 'CloseConnection';
}
