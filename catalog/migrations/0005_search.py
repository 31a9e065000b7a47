from django.db import migrations, models

from catalog.folding import search_columns
from catalog.search_index import drop_word_index, make_word_index
from catalog.services.search_words import words_in

NAMES = ("name", "name_ar", "name_en")
CODES = ("sku", "upc", "ean", "isbn", "part_number")
LABELS = ("brand", "manufacturer")
AROUND = ("category_name", "category__name", "category__name_ar", "item_group_name", "item_group__name")
BATCH = 500

UNITS = """
m, meter, meters, metre, متر, امتار, م
cm, سم, سنتيمتر
gb, g, giga, gigabyte, كيكا, كيكابايت, غيغا, غيغابايت, جيجا, جيجابايت, كيجا
tb, t, tera, terabyte, تيرا, تيرابايت
mb, mega, megabyte, ميكا, ميكابايت, ميغا, ميغابايت, ميجا
mp, megapixel, megapixels, ميكا, ميغا, ميكابكسل, ميغابكسل, ميجابكسل
w, watt, watts, واط, وات
v, volt, volts, فولت, فولط
a, amp, ampere, امبير
mah, ملي
ch, channel, channels, قناة, قنوات, جنل
port, ports, بورت, بورتات, منفذ, منافذ, مخرج
inch, in, انج, انش, بوصة
hz, hertz, هرتز, هيرتز
pcs, pc, pieces, pack, قطعة, قطع, حبة
"""
WORDS = """
laptop, notebook, لابتوب, لابتوبات, لاب توب, حاسبة محمولة, حاسوب محمول
pc, computer, desktop, كمبيوتر, كومبيوتر, حاسبة, حاسبات, حاسوب
charger, adapter, adaptor, شاحن, شواحن, جارجر, تشارجر
adapter, adaptor, converter, convertor, تحويلة, تحويلات, محول, محولات, ادابتر, ادبتر
battery, batteries, بطارية, بطاريات, باتري
cable, cord, كيبل, كيبلات, كابل, كوابل, كابلات, كبل, سلك
lan, utp, ethernet, network, انترنت, انترنيت, نت, لان, شبكة, شبكات
router, راوتر, راوترات, راوتير, روتر, رواتر
access point, اكسس بوينت, اكسز بوينت, نقطة وصول
extender, repeater, range extender, مقوي, مقوي اشارة, مقويات, اكستندر, ريبيتر
switch, سويج, سويتش, سويجات
hub, هب, موزع
mouse, mice, ماوس, ماوسات, فأرة, موس
wireless, wifi, وايرلس, وايرليس, لاسلكي, لا سلكي
wifi, wi fi, واي فاي, وايفاي
bluetooth, بلوتوث, بلوتوز
wired, wire, سلكي
keyboard, كيبورد, كيبوردات, كي بورد, لوحة مفاتيح
mouse pad, mousepad, ماوس باد, باد ماوس, لبادة ماوس
headphone, headset, headphones, earphone, سماعة, سماعات, سماعة رأس, هيدفون, هيدسيت
airpods, earbuds, ايربودز, ايربود, اير بودز, اير بود
speaker, speakers, سبيكر, سبيكرات, مكبر صوت
microphone, mic, مايك, مايكروفون, ميكروفون
camera, cameras, cam, كاميرا, كاميرات, كامرة, كامرات
monitor, screen, display, شاشة, شاشات, مونيتر
projector, بروجكتر, عارض
printer, printers, طابعة, طابعات, برنتر, برينتر
cartridge, toner, ctg, كارتج, كارتجات, كاترج, كاترجات, خرطوشة, تونر
ink, حبر, احبار
paper, ورق, اوراق, ورقة
scanner, سكنر, سكانر, ماسح
hard, hard disk, hdd, hard drive, هارد, هاردات, هارد دسك, هارد ديسك, قرص صلب
portable, external, خارجي, متنقل, بورتبل, محمول
internal, داخلي
ssd, اس اس دي
flash, usb drive, flash drive, فلاش, فلاشة, فلاشات, فلاش ميموري
memory, ram, رام, رامات, ذاكرة, ميموري
memory card, micro sd, بطاقة ذاكرة, كارت ميموري, ميموري كارت
ups, يو بي اس, يوبي اس, يوبي ايس, يو بي ايس
power supply, psu, باور سبلاي, باورسبلاي, مجهز قدرة
power bank, powerbank, باور بنك, باوربنك, باور بانك, باوربانك
bag, bags, backpack, شنطة, شنط, جنطة, جنط, حقيبة, حقائب
case, box, كيس, كيسات, كفر, غلاف
bracket, stand, holder, mount, ستاند, ستاندات, حامل, قاعدة
cabinet, rack, كابينة, كابينت, راك
splitter, سبلتر, سبليتر, موزع
joystick, gamepad, controller, جويستك, جوستك, يد تحكم, جوي ستك
gaming, gamming, كيمنك, جيمنج, العاب
game, games, لعبة, العاب
fiber, fibre, فايبر, الياف
optic, optical, اوبتك, اوبتيك, ضوئي, ضوئية
hdmi, hd, اج دي, اج دي ام اي, اتش دي ام اي, اتش دي
vga, في جي اي
usb, يو اس بي
type c, usb c, تايب سي, تايبسي, تايب c
dvr, دي في ار
nvr, ان في ار
connector, connectors, coupler, كونكتر, كونيكتر, كوبلر, موصل
crimper, كرمبر, كابسة, كماشة
screwdriver, مفك, مفكات, درنفيس
tool, tools, toolset, عدة, عدد, ادوات
electric, electrical, كهربائي, كهربائية
cashier, pos, كاشير
sticker, stickers, ستيكر, لاصق, ملصق
socket, power strip, سوكت, توصيلة, تقسيم كهرباء
cleaner, cleaning, منظف, تنظيف
original, اصلي, اصلية, اورجنال, اوريجنال
new, جديد, جديدة
used, pull, مستعمل, مستعملة
arabic, عربي, عربية
black, bk, اسود, سوداء
white, ابيض, بيضاء
red, احمر, حمراء
blue, ازرق, زرقاء
green, اخضر, خضراء
yellow, اصفر, صفراء
gray, grey, رصاصي, رمادي
brown, قهوائي, بني, جوزي
orange, برتقالي
purple, بنفسجي
leather, جلد, جلدي, جلدية
samsung, سامسونك, سامسونج, سامسونغ
apple, ابل, آبل
iphone, ايفون, آيفون
huawei, هواوي
hp, اج بي, اتش بي
dell, ديل, دل
lenovo, لينوفو
asus, اسوس
acer, ايسر
toshiba, توشيبا
sony, سوني
canon, كانون, كنن
epson, ابسون
brother, برذر, براذر
pantum, بانتوم
tenda, تيندا, تندا
tp link, tplink, تي بي لنك, تي بي لينك, تيبي لنك
mercusys, ميركوسيس
dlink, d link, دي لنك
mikrotik, ميكروتك, مايكروتك
ubiquiti, يوبيكويتي
dahua, داهوا, داهوه
hikvision, هيكفيجن, هيكفجن, هيك فيجن, هايكفيجن
falcon, فالكون
joker, جوكر
kingston, كنكستون, كينغستون, كينجستون
transcend, ترانسند, ترانسيند
adata, اداتا
seagate, سيجيت, سيكيت
western digital, wd, ويسترن ديجيتال, ويسترن
rapoo, رابو
logitech, لوجيتك, لوكتك, لوجتك
xbox, اكس بوكس, اكسبوكس
playstation, بلايستيشن, بلي ستيشن
"""


def groups():
    for text, is_unit in ((UNITS, True), (WORDS, False)):
        for line in filter(None, text.strip().split("\n")):
            yield "\n".join(phrase.strip() for phrase in line.split(",")), is_unit


def fill(apps, schema_editor):
    using = schema_editor.connection.alias
    product, word, synonym = (apps.get_model("catalog", name) for name in ("Product", "SearchWord", "SearchSynonym"))
    last, words = 0, set()
    rows = product.objects.using(using).order_by("pk").values_list("pk", *NAMES, *CODES, *LABELS, *AROUND)
    names_end, codes_end = len(NAMES), len(NAMES) + len(CODES)
    labels_end = codes_end + len(LABELS)
    while batch := list(rows.filter(pk__gt=last)[:BATCH]):
        filled = []
        for last, *texts in batch:
            own = [text or "" for text in texts]
            text, names, codes = search_columns(
                own[:names_end], own[names_end:codes_end], own[codes_end:labels_end], own[labels_end:]
            )
            filled.append(product(pk=last, search_text=text, search_names=names, search_codes=codes))
            words.update(words_in([text]))
        product.objects.using(using).bulk_update(filled, ["search_text", "search_names", "search_codes"])
    word.objects.using(using).bulk_create([word(word=text) for text in sorted(words)], batch_size=BATCH)
    synonym.objects.using(using).bulk_create(
        [synonym(phrases=phrases, is_unit=is_unit) for phrases, is_unit in groups()]
    )


def make_index(apps, schema_editor):
    make_word_index(schema_editor.connection)


def drop_index(apps, schema_editor):
    drop_word_index(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("catalog", "0004_fill_derived")]

    operations = [
        migrations.CreateModel(
            name="SearchSynonym",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "phrases",
                    models.TextField(
                        help_text="One word or phrase on each line, Arabic or English. Spelling, plural endings of the form “cables”, the Arabic article and the kind of digits do not matter; Arabic plurals do.",
                        verbose_name="words and phrases",
                    ),
                ),
                (
                    "is_unit",
                    models.BooleanField(
                        default=False,
                        help_text="Only meant behind a number: “20 متر”, “20m”.",
                        verbose_name="unit of measure",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("note", models.CharField(blank=True, default="", max_length=200, verbose_name="note")),
            ],
            options={
                "verbose_name": "search synonym",
                "verbose_name_plural": "search synonyms",
                "ordering": ("id",),
            },
        ),
        migrations.CreateModel(
            name="SearchWord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("word", models.CharField(max_length=24, unique=True, verbose_name="word")),
            ],
            options={
                "verbose_name": "searched word",
                "verbose_name_plural": "searched words",
                "ordering": ("word",),
            },
        ),
        migrations.RemoveField(model_name="product", name="search_compact"),
        migrations.AddField(
            model_name="product",
            name="search_codes",
            field=models.TextField(blank=True, default="", editable=False, verbose_name="codes as they are searched"),
        ),
        migrations.AddField(
            model_name="product",
            name="search_names",
            field=models.TextField(blank=True, default="", editable=False, verbose_name="names as they are searched"),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(condition=~models.Q(brand=""), fields=["brand"], name="product_brand"),
        ),
        migrations.CreateModel(
            name="CategoryTally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("price_lists", models.CharField(max_length=200, unique=True, verbose_name="price lists")),
                ("stamp", models.CharField(max_length=100, verbose_name="versions")),
                ("counts", models.JSONField(default=dict, verbose_name="products by category")),
            ],
            options={
                "verbose_name": "products counted by category",
                "verbose_name_plural": "products counted by category",
                "ordering": ("price_lists",),
            },
        ),
        migrations.AddIndex(
            model_name="effectiveprice",
            index=models.Index(
                fields=["product", "price_list", "price", "currency"], name="effective_price_of_product"
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunPython(make_index, drop_index),
    ]
