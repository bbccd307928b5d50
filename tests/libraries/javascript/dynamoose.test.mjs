// dynamoose: models that create their own table and wait for it, queries, conditions, batches, transactions, expiry.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import dynamoose from 'dynamoose'
import { startInMemory } from '../../support/stator_server.mjs'

let server
let User
let Post
let table

before(async () => {
  server = await startInMemory('--transition-delay', '300')
  dynamoose.aws.ddb.set(new dynamoose.aws.ddb.DynamoDB(server.clientOptions))
  User = dynamoose.model('User', new dynamoose.Schema({
    id: { type: String, hashKey: true }, name: { type: String, required: true, index: { name: 'byName', type: 'global' } },
    age: { type: Number, validate: (age) => age > 0 }, roles: { type: Set, schema: [String] }, joined: Date,
    settings: { type: Object, schema: { theme: String, sizes: { type: Array, schema: [Number] } } },
  }, { timestamps: true }))
  Post = dynamoose.model('Post', new dynamoose.Schema({
    author: { type: String, hashKey: true }, number: { type: Number, rangeKey: true }, title: String, draft: Boolean, score: Number,
  }))
  table = new dynamoose.Table('blog', [User, Post].slice(0, 1), {
    throughput: 'ON_DEMAND', waitForActive: { enabled: true, check: { timeout: 20000, frequency: 50 } }, expires: 3600, initialize: false,
  })
  await table.initialize()
})

after(() => server.stop())

test('a program that keeps users', async () => {
  const posts = new dynamoose.Table('posts', [Post], {
    throughput: { read: 5, write: 5 }, waitForActive: { enabled: true, check: { timeout: 20000, frequency: 50 } }, initialize: false,
  })
  await posts.initialize()
  await User.create({ id: 'ann', name: 'Ann', age: 41, roles: new Set(['admin']), joined: new Date(1700000000000), settings: { theme: 'dark', sizes: [1, 2.5] } })
  await assert.rejects(User.create({ id: 'ann', name: 'Other' }), { name: 'ConditionalCheckFailedException' })
  await assert.rejects(User.create({ id: 'x', name: 'X', age: -1 }), { name: 'ValidationError' })
  const ann = await User.get('ann')
  assert.deepEqual([ann.name, ann.age, [...ann.roles], ann.joined.getTime(), ann.settings.sizes], ['Ann', 41, ['admin'], 1700000000000, [1, 2.5]])
  assert.equal(typeof ann.createdAt.getTime(), 'number')
  const changed = await User.update({ id: 'ann' }, { $SET: { name: 'Anna' }, $ADD: { age: 1, roles: new Set(['editor']) }, $REMOVE: ['settings'] })
  assert.deepEqual([changed.name, changed.age, [...changed.roles].sort(), changed.settings], ['Anna', 42, ['admin', 'editor'], undefined])
  await assert.rejects(User.update({ id: 'ann' }, { age: 9 }, { condition: new dynamoose.Condition().where('name').eq('Bob') }), { name: 'ConditionalCheckFailedException' })
  assert.equal((await User.query('name').eq('Anna').using('byName').exec())[0].id, 'ann')

  await Post.batchPut(Array.from({ length: 25 }, (_, number) => ({ author: 'ann', number, title: `Title ${number}`, draft: number % 2 === 0, score: number / 4 })))
  const first = await Post.query('author').eq('ann').where('number').between(3, 20).filter('draft').eq(false).sort('descending').limit(10).exec()
  assert.deepEqual(first.map((post) => post.number), [19, 17, 15, 13, 11])
  const rest = await Post.query('author').eq('ann').where('number').between(3, 20).filter('draft').eq(false).sort('descending').limit(10).startAt(first.lastKey).exec()
  assert.deepEqual(rest.map((post) => post.number), [9, 7, 5, 3])
  assert.equal((await Post.query('author').eq('ann').count().exec()).count, 25)
  assert.equal((await Post.scan('score').gt(5).or().where('title').contains('Title 1').all().exec()).length, 15)
  assert.equal((await Post.scan().parallel(3).all().exec()).length, 25)
  const several = await Post.batchGet([{ author: 'ann', number: 1 }, { author: 'ann', number: 99 }])
  assert.deepEqual([several.length, several.unprocessedKeys.length], [1, 0])
  await Post.batchDelete([{ author: 'ann', number: 1 }, { author: 'ann', number: 2 }])
  assert.equal(await Post.get({ author: 'ann', number: 1 }), undefined)

  await dynamoose.transaction([
    User.transaction.update({ id: 'ann' }, { $ADD: { age: 1 } }), Post.transaction.create({ author: 'ann', number: 100, title: 'New' }),
    Post.transaction.delete({ author: 'ann', number: 3 }),
  ])
  assert.deepEqual([(await User.get('ann')).age, (await Post.get({ author: 'ann', number: 100 })).title], [43, 'New'])
  await assert.rejects(dynamoose.transaction([
    Post.transaction.condition({ author: 'ann', number: 100 }, new dynamoose.Condition().where('title').eq('Old')), User.transaction.delete('ann'),
  ]), { name: 'TransactionCanceledException' })
  assert.equal((await User.get('ann')).name, 'Anna')
  const got = await dynamoose.transaction([User.transaction.get('ann'), Post.transaction.get({ author: 'ann', number: 100 })])
  assert.equal(got.length, 2)
  const fresh = await User.get('ann')
  fresh.name = 'Annie'
  await fresh.save()
  assert.equal((await User.get({ id: 'ann' }, { attributes: ['name'], consistent: true })).name, 'Annie')
  await User.delete('ann')
  assert.equal(await User.get('ann'), undefined)
})
