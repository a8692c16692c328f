import { judgeRelation } from './builtins.ts';
import { high, NOTHING } from './notes.ts';
import { fieldsOf } from './words.ts';
import type { TestExpression } from 'unbash';
import type { Notes } from './notes.ts';
import type { Scene } from './scene.ts';

const DEPTH_MAX = 32;

/** `[[ … ]]`. */
export function judgeTest(expression: TestExpression, scene: Scene, depth = 0): Notes {
  if (depth > DEPTH_MAX) return [high('is nested deeper than can be seen')];
  switch (expression.type) {
    case 'TestLogical':
      return expression.operands.flatMap((operand) => judgeTest(operand, scene, depth + 1));
    case 'TestNot':
      return judgeTest(expression.operand, scene, depth + 1);
    case 'TestGroup':
      return judgeTest(expression.expression, scene, depth + 1);
    case 'TestUnary':
      return judgeRelation(expression.operator, fieldsOf(expression.operand, scene), { scene });
    case 'TestBinary': {
      const words = [...fieldsOf(expression.left, scene), ...fieldsOf(expression.right, scene)];
      return judgeRelation(expression.operator, words, { scene });
    }
    default:
      return NOTHING;
  }
}
