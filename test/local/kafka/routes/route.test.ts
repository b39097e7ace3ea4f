/** What handlers share. */

import { jest } from '@jest/globals';
import { attempt } from '../../../../local/kafka/routes/route.ts';
import { errorCode, KafkaError } from '../../../../pipeline/kafka/error-code.ts';

afterEach(() => jest.restoreAllMocks());

test('attempt makes a refusal the code of its part, and a defect too, which it tells', () => {
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const refuse = () => {
    throw new KafkaError('offsetOutOfRange', 'too far');
  };
  const defect = new RangeError('broken');
  const fail = () => {
    throw defect;
  };
  expect(attempt(() => 7)).toEqual({ errorCode: errorCode.none, errorMessage: null, value: 7 });
  expect(attempt(refuse)).toEqual({ errorCode: errorCode.offsetOutOfRange, errorMessage: 'too far' });
  expect(warn).not.toHaveBeenCalled();
  expect(attempt(fail)).toEqual({ errorCode: errorCode.unknownServerError, errorMessage: 'RangeError: broken' });
  expect(warn).toHaveBeenCalledWith(defect);
});
