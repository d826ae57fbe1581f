export { entities, type OwnedEntity } from './entity.repository.ts';
