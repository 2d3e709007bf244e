import { expect } from 'chai';
import {
  BloomError,
  ClientLostError,
  ConfigError,
  DataError,
  fromPlainError,
  messageOf,
  NumericError,
  ProtocolError,
  ShapeError,
  StorageError,
  toPlainError,
  VerificationError,
} from '../../../src/core/errors.js';

const classes = [
  BloomError,
  ConfigError,
  DataError,
  ShapeError,
  StorageError,
  NumericError,
  ClientLostError,
  ProtocolError,
  VerificationError,
];
const overTheWire = (error: unknown) => fromPlainError(structuredClone(toPlainError(error)));

describe('errors over a thread boundary', () => {
  for (const ErrorClass of classes) {
    it(`${ErrorClass.name} keeps class, name, code, message, details and stack`, () => {
      const details = { client: 3, path: '/a', isLast: false, none: null };
      const error = new ErrorClass('ERR_TEST', 'It broke.', details, { cause: new Error('inner') });
      const rebuilt = overTheWire(error);
      expect(Object.getPrototypeOf(rebuilt)).to.equal(ErrorClass.prototype);
      expect(rebuilt.name).to.equal(ErrorClass.name);
      expect(rebuilt).to.include({ code: 'ERR_TEST', message: 'It broke.', stack: error.stack });
      expect(rebuilt.details).to.deep.equal(details);
    });
  }

  it('any other error becomes an internal one with the message and stack it had', () => {
    const error = new TypeError('x is not a function');
    const rebuilt = overTheWire(error);
    expect(Object.getPrototypeOf(rebuilt)).to.equal(BloomError.prototype);
    expect(rebuilt).to.include({ code: 'ERR_INTERNAL', message: 'x is not a function', stack: error.stack });
    expect(rebuilt.details).to.deep.equal({});
  });

  it('what is no error at all keeps its text', () => {
    expect(overTheWire('just text')).to.include({ code: 'ERR_INTERNAL', message: 'just text' });
    expect(overTheWire(undefined).message).to.equal('undefined');
  });

  for (const name of ['Error', 'constructor', 'toString', '__proto__']) {
    it(`the name "${name}" makes no other class`, () => {
      const rebuilt = fromPlainError({ name, code: 'ERR_TEST', message: 'm', details: {}, stack: 's' });
      expect(Object.getPrototypeOf(rebuilt)).to.equal(BloomError.prototype);
    });
  }
});

describe('messageOf', () => {
  it('is the message of an error, else the text of the value', () => {
    expect(messageOf(new ShapeError('ERR_TEST', 'Too wide.'))).to.equal('Too wide.');
    expect(messageOf('plain')).to.equal('plain');
    expect(messageOf(null)).to.equal('null');
  });
});
