/** Somebody asked the simulator for what it cannot do; over HTTP this is a 400 with the message. */
export class InvalidInputError extends Error {
  override readonly name = 'InvalidInputError'
}
