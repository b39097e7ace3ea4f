/** protobufjs, with the file and the line in every error, and with what it lets pass refused. */
import protobuf from 'protobufjs';
import { ContractError } from './contract-error.ts';
import { type Declaration, protoDeclarations } from './proto-declarations.ts';

export interface ProtoFile {
  readonly file: string;
  readonly declarations: readonly Declaration[];
  readonly packageName: string | undefined;
  /** Resolved: every field knows its type. */
  readonly root: protobuf.Root;
}

/** A file starts with this, after comments. */
const PROTO3 = /^(?:\s|\/\/.*|\/\*[\s\S]*?\*\/)*syntax\s*=\s*["']proto3["']\s*;/;
const TIMESTAMP_FILE = 'google/protobuf/timestamp.proto';
/** Rows carry system columns under names that begin so. */
const RESERVED_PREFIX = '_';

/** @throws ContractError for what is not proto3, foreign imports, unknown types, and names that are taken or reserved. */
export function parseProto(file: string, source: string): ProtoFile {
  if (!PROTO3.test(source)) {
    throw new ContractError(file, 1, 'the first statement must be syntax = "proto3";');
  }
  const declarations = readDeclarations(file, source);
  return inFile(file, declarations, () => {
    const root = new protobuf.Root();
    const parsed = protobuf.parse(source, root, { keepCase: true });
    for (const name of [...(parsed.imports ?? []), ...(parsed.weakImports ?? [])]) {
      if (name !== TIMESTAMP_FILE) {
        const line = source.split('\n').findIndex((text) => text.includes(name)) + 1;
        throw new ContractError(
          file,
          line,
          `cannot import "${name}", allowed is ${TIMESTAMP_FILE}: a version is one file`,
        );
      }
      root.addJSON(protobuf.common.get(name)?.nested ?? {});
    }
    root.resolveAll();
    return { file, declarations, packageName: parsed.package, root };
  });
}

/** Names are checked here, because protobufjs drops a field called `__proto__` without a word. */
function readDeclarations(file: string, source: string): Declaration[] {
  const declarations = inFile(file, [], () => protoDeclarations(source));
  const lines = new Map<string, number>();
  for (const { name, line } of declarations) {
    if (name.slice(name.lastIndexOf('.') + 1).startsWith(RESERVED_PREFIX)) {
      throw new ContractError(file, line, `${name}: names that begin with ${RESERVED_PREFIX} are the pipeline's own`);
    }
    const earlier = lines.get(name);
    if (earlier !== undefined) {
      throw new ContractError(file, line, `${name}: the name is taken on line ${earlier}`);
    }
    lines.set(name, line);
  }
  return declarations;
}

/** Runs a step of protobufjs; what it throws becomes the author's mistake, with a line where that can be told. */
function inFile<Result>(file: string, declarations: readonly Declaration[], step: () => Result): Result {
  try {
    return step();
  } catch (error) {
    if (error instanceof ContractError) {
      throw error;
    }
    if (!(error instanceof Error) || error instanceof TypeError) {
      // protobufjs reads on behind the end of the file.
      throw new ContractError(file, 0, 'ends in the middle of a declaration');
    }
    const line = /\(line (\d+)\)$/.exec(error.message)?.[1];
    const reason = error.message.replace(/ \(line \d+\)$/, '');
    throw new ContractError(file, line === undefined ? mentionedLine(declarations, reason) : Number(line), reason);
  }
}

/** The line that a message such as `duplicate id 1 in Type A` or `no such Type or Enum 'B' in Type .A` is about. */
function mentionedLine(declarations: readonly Declaration[], message: string): number {
  const mention = /(?:'(?<name>[^']+)'|id (?<id>\d+)).* in \w+ \.?(?<within>[\w.]+)$/.exec(message)?.groups;
  const word = mention?.['name'] ?? mention?.['id'];
  const within = mention?.['within'];
  if (word === undefined || within === undefined) {
    return 0;
  }
  const candidates = declarations.filter(
    (declaration) => `.${declaration.within}`.endsWith(`.${within}`) && declaration.tokens.includes(word),
  );
  return (message.startsWith('duplicate') ? candidates.at(-1) : candidates[0])?.line ?? 0;
}
