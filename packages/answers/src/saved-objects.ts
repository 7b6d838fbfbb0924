export { type SavedObjectsOptions, savedObjects } from './saved-objects/saved-objects.ts'
