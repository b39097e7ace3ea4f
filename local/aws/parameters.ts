/** SSM Parameter Store, reading side: what AWS::SSM::Parameter resources declare. */
import { localArn } from './account.ts';
import type { ShimAnswer } from './shim-answer.ts';

interface Parameter {
  readonly Name: string;
  readonly Type: string;
  readonly Value: string;
  readonly Version: 1;
  readonly LastModifiedDate: number;
  readonly ARN: string;
  readonly DataType: 'text';
}

interface ReadRequest {
  readonly Name?: string;
  readonly Names?: readonly string[];
  readonly Path?: string;
  readonly Recursive?: boolean;
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

/** https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html: 10 is its maximum too. */
const PAGE_MAX = 10;

/** Parameters of this run: they come from the templates at every start, so nothing is stored. */
export class Parameters {
  readonly #byName = new Map<string, Parameter>();

  put(name: string, type: string, value: string): void {
    const ARN = localArn('ssm', `parameter/${name.replace(/^\//, '')}`);
    const LastModifiedDate = Date.now() / 1000;
    this.#byName.set(name, {
      Name: name,
      Type: type,
      Value: value,
      Version: 1,
      LastModifiedDate,
      ARN,
      DataType: 'text',
    });
  }

  /** All values by name. */
  get values(): Record<string, string> {
    return Object.fromEntries([...this.#byName].map(([name, { Value }]) => [name, Value]));
  }

  /** Answers GetParameter, GetParameters and GetParametersByPath; any other action is refused by name. */
  answer(action: string, request: ReadRequest): ShimAnswer {
    switch (action) {
      case 'GetParameter': {
        const Parameter = this.#byName.get(request.Name ?? '');
        return Parameter ? json({ Parameter }) : refusal('ParameterNotFound', `Parameter ${request.Name} not found.`);
      }
      case 'GetParameters':
        return json(this.#byNames(request.Names ?? []));
      case 'GetParametersByPath':
        return json(this.#byPath(request));
      default:
        return refusal(
          'UnknownOperationException',
          `Cannot run SSM "${action}": the laptop host only reads parameters`,
        );
    }
  }

  #byNames(names: readonly string[]): object {
    return {
      Parameters: names.flatMap((name) => this.#byName.get(name) ?? []),
      InvalidParameters: names.filter((name) => !this.#byName.has(name)),
    };
  }

  #byPath(request: ReadRequest): object {
    const folder = `${(request.Path ?? '').replace(/\/$/, '')}/`;
    const names = [...this.#byName.keys()]
      .filter((name) => name.startsWith(folder))
      .filter((name) => request.Recursive || !name.slice(folder.length).includes('/'))
      .filter((name) => name > (request.NextToken ?? ''))
      .sort();
    const page = names.slice(0, Math.min(request.MaxResults ?? PAGE_MAX, PAGE_MAX));
    return {
      Parameters: page.flatMap((name) => this.#byName.get(name) ?? []),
      ...(page.length < names.length && { NextToken: page.at(-1) }),
    };
  }
}

function json(body: object): ShimAnswer {
  return { status: 200, contentType: 'application/x-amz-json-1.1', body: JSON.stringify(body) };
}

function refusal(code: string, message: string): ShimAnswer {
  return { status: 400, contentType: 'application/x-amz-json-1.1', body: JSON.stringify({ __type: code, message }) };
}
