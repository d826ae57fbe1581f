export { entities, type OwnedEntity } from './entity.repository.ts';
export { registerEntities } from './register-entities.ts';
