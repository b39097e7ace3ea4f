/** Where a .proto file declares what. protobufjs tells neither lines nor everything that it drops without a word. */
import protobuf from 'protobufjs';

/** A message, enum, field or enum value. */
export interface Declaration {
  readonly kind: 'message' | 'enum' | 'field' | 'value';
  /** Fully qualified. An enum's values stand beside the enum, not inside it, as in C++. */
  readonly name: string;
  /** The full name of the package, message or enum that holds it. */
  readonly within: string;
  /** Counted from 1. */
  readonly line: number;
  /** The statement's tokens, such as `optional`, `int32`, `delay_minutes`, `=`, `1`. */
  readonly tokens: readonly string[];
}

interface Scope {
  readonly kind: 'file' | 'message' | 'enum' | 'other';
  readonly name: string;
  /** What the names of its members begin with. */
  readonly prefix: string;
}

interface Token {
  readonly text: string;
  readonly line: number;
}

/** In the order of the file. @throws Error from protobufjs for text that cannot be split into tokens. */
export function protoDeclarations(source: string): Declaration[] {
  const declarations: Declaration[] = [];
  const scopes: Scope[] = [];
  let file: Scope = { kind: 'file', name: '', prefix: '' };
  for (const statement of protoStatements(source)) {
    const scope = scopes.at(-1) ?? file;
    const end = statement.at(-1)?.text;
    const [first, second] = statement;
    if (first?.text === 'package' && second) {
      file = { kind: 'file', name: second.text, prefix: `${second.text}.` };
    }
    const declaration = end === '}' ? undefined : declarationOf(statement, scope);
    if (declaration) {
      declarations.push(declaration);
    }
    if (end === '{') {
      scopes.push(innerScope(first?.text, declaration, scope));
    } else if (end === '}') {
      scopes.pop();
    }
  }
  return declarations;
}

/** Where the message, enum, field or enum value is declared, counted from 1; 0 when it is not. */
export function declarationLine(declarations: readonly Declaration[], name: string): number {
  return declarations.find((declaration) => declaration.name === name)?.line ?? 0;
}

/** Splits into statements, each up to and with its `;`, `{` or `}`. Options in brackets are left out. */
function protoStatements(source: string): Token[][] {
  const tokenizer = protobuf.tokenize(source, false);
  const statements: Token[][] = [];
  let statement: Token[] = [];
  let brackets = 0;
  for (let text = tokenizer.next(); text !== null; text = tokenizer.next()) {
    if (text === '"' || text === "'") {
      // A string comes as three tokens: its quote, its content, its quote.
      text = `"${tokenizer.next()}${tokenizer.next()}`;
    }
    brackets += text === '[' ? 1 : text === ']' ? -1 : 0;
    if (brackets > 0 || text === ']') {
      continue;
    }
    statement.push({ text, line: tokenizer.line });
    if (text === ';' || text === '{' || text === '}') {
      statements.push(statement);
      statement = [];
    }
  }
  return statements;
}

function declarationOf(statement: readonly Token[], scope: Scope): Declaration | undefined {
  const first = statement[0]?.text;
  const inside = scope.kind === 'message' || scope.kind === 'enum';
  const equals = statement.findIndex(({ text }) => text === '=');
  if ((first === 'message' || first === 'enum') && equals < 0) {
    return declare(first, statement, statement[1], scope);
  }
  if (inside && equals > 0 && first !== 'option') {
    return declare(scope.kind === 'enum' ? 'value' : 'field', statement, statement[equals - 1], scope);
  }
  return undefined;
}

function declare(
  kind: Declaration['kind'],
  statement: readonly Token[],
  name: Token | undefined,
  scope: Scope,
): Declaration | undefined {
  const tokens = statement.map(({ text }) => text);
  return name && { kind, name: scope.prefix + name.text, within: scope.name, line: name.line, tokens };
}

function innerScope(keyword: string | undefined, declaration: Declaration | undefined, outer: Scope): Scope {
  switch (declaration?.kind) {
    case 'message':
      return { kind: 'message', name: declaration.name, prefix: `${declaration.name}.` };
    case 'enum':
      return { kind: 'enum', name: declaration.name, prefix: outer.prefix };
    default:
      return keyword === 'oneof' ? outer : { ...outer, kind: 'other' };
  }
}
