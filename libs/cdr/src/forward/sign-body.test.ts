import { expect, test } from 'vitest';
import { signBody } from './sign-body.ts';

// echo -n '1705314600.{"a":"é"}' | openssl dgst -sha256 -hmac 'sixteen letters!'
test('signBody returns the signature that openssl computes', () => {
  const signature = signBody(
    Buffer.from('{"a":"é"}'),
    'sixteen letters!',
    new Date('2024-01-15T10:30:00.999Z'),
  );
  expect(signature).toBe('t=1705314600,v1=5b4da1566c6b25e0314f9a7de05542b873a4f171cb4f87c520573d541ff55dcd');
});
