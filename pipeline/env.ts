/** A function's environment variables, read once at start. */

/**
 * The named variables as a typed object.
 * @throws Error that names every variable that is missing or empty.
 */
export function readEnv<Env extends { readonly [Name in keyof Env]: string }>(
  names: ReadonlyArray<keyof Env & string>,
  source: Readonly<Record<string, string | undefined>> = process.env,
): Env {
  const missing = names.filter((name) => !source[name]);
  if (missing.length > 0) {
    throw new Error(`Cannot start the function: environment variables missing or empty: ${missing.join(', ')}`);
  }
  return Object.fromEntries(names.map((name) => [name, source[name]])) as Env;
}
